"""What carries out effects: engine, sound output, files. No toolkit; nothing here keeps the main thread waiting."""

from nawgraph.ui.services.document_service import DocumentService
from nawgraph.ui.services.run_service import RunService
from nawgraph.ui.services.sound_service import SoundService
from nawgraph.ui.services.worker import Worker

__all__ = ["DocumentService", "RunService", "SoundService", "Worker"]
