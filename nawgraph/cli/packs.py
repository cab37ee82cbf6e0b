"""``nawgraph pack``: install, look at, write and check node packs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nawgraph.cli import common
from nawgraph.cli.common import FAILED, OK, Commands, Stop

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nawgraph.packs.install import Installer, Proposal

INDEX = "NAWGRAPH_PACK_INDEX"


def register(commands: Commands) -> None:
    """Add the commands."""
    group = commands.add_parser("pack", help="install, look at, write and check node packs")
    actions = group.add_subparsers(dest="what", metavar="WHAT", required=True)
    install_parser = actions.add_parser("install", help="install a folder, a wheel, or NAME[==VERSION]")
    install_parser.add_argument("pack", metavar="PATH|WHEEL|NAME[==VERSION]")
    _add_sources(install_parser)
    _add_grants(install_parser)
    install_parser.set_defaults(action=install)
    update_parser = actions.add_parser("update", help="install packs again, in their newest version")
    update_parser.add_argument("packs", metavar="NAME", nargs="*", help="default: all")
    _add_sources(update_parser)
    _add_grants(update_parser)
    update_parser.set_defaults(action=update)
    for name, action, words in (
        ("remove", remove, "take a pack out; rollback brings it back"),
        ("info", info, "say what a pack is and what it may do"),
    ):
        parser = actions.add_parser(name, help=words)
        parser.add_argument("pack", metavar="NAME")
        parser.set_defaults(action=action)
    for name, words in (("grant", "give a pack permissions that it asks for"), ("revoke", "take them back")):
        parser = actions.add_parser(name, help=words)
        parser.add_argument("pack", metavar="NAME")
        parser.add_argument("permissions", metavar="PERMISSION", nargs="+", help='or "all"')
        parser.set_defaults(action=grant)
    list_parser = actions.add_parser("list", help="list installed packs")
    list_parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    list_parser.set_defaults(action=listed)
    actions.add_parser("rollback", help="go back to before the last change").set_defaults(action=rollback)
    doctor_parser = actions.add_parser("doctor", help="check every pack; find the change that broke one")
    doctor_parser.add_argument("packs", metavar="NAME", nargs="*", help="default: all")
    doctor_parser.set_defaults(action=doctor)
    new_parser = actions.add_parser("new", help="make the folder NAME with a pack that works")
    new_parser.add_argument("name", metavar="NAME")
    new_parser.set_defaults(action=new)
    for name, action, words in (
        ("build", build, "write a pack's catalogue from its code"),
        ("test", test, "check what a pack promises"),
    ):
        parser = actions.add_parser(name, help=words)
        parser.add_argument("folder", metavar="FOLDER", nargs="?", default=".", help="default: this one")
        if name == "build":
            parser.add_argument("--check", action="store_true", help="write nothing; status 1 if they differ")
        parser.set_defaults(action=action)


def _add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--index", metavar="FILE|URL", default="", help=f"an index of packs (default: {INDEX})")
    parser.add_argument(
        "--find-links", metavar="DIR", action="append", default=[], help="a folder of wheels of libraries"
    )
    parser.add_argument("--no-index", action="store_true", help="libraries from --find-links alone, no network")


def _add_grants(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--grant", metavar="PERMISSION", action="append", default=[], help='give a permission it asks for, or "all"'
    )
    parser.add_argument("--yes", action="store_true", help="do not ask; nothing is granted but what --grant says")


# ---------------------------------------------------------------------------------- installing


def install(options: argparse.Namespace) -> int:
    """Install a pack."""
    with common.sentences():
        pack = _installer(options).install(options.pack, _consent(options))
        _say_state(options)
    print(f"installed: {pack.environment.partition('-')[0]} {pack.version}")
    return OK


def update(options: argparse.Namespace) -> int:
    """Update some or all packs."""
    with common.sentences():
        installer = _installer(options)
        for id in options.packs or list(installer.store.load().packs):
            before, now = installer.update(id, _consent(options))
            print(f"{id} {before}" + (f" → {now}" if now != before else " (nothing newer)"))
    return OK


def _installer(options: argparse.Namespace) -> Installer:
    import os

    from nawgraph.packs.environment import Sources
    from nawgraph.packs.install import Installer

    sources = Sources(tuple(options.find_links), options.no_index)
    return Installer(sources=sources, catalogue=options.index or os.environ.get(INDEX, ""))


def _consent(options: argparse.Namespace) -> Any:
    """Show what would happen, and ask if there is somebody to ask."""

    def ask(proposal: Proposal) -> Iterable[str]:
        made = proposal.manifest
        wanted = set(made.permissions if "all" in options.grant else options.grant)
        unknown = wanted - made.permissions.keys()
        if unknown:
            raise Stop(f"--grant {min(unknown)}: {made.id} asks for {', '.join(made.permissions) or 'nothing'}")
        _describe(proposal, wanted)
        if options.yes or not sys.stdin.isatty():
            return wanted
        wanted |= {name for name in made.permissions.keys() - wanted if _answer(f"grant {name}?")}
        if not _answer(f"install {made.id} {made.version}?"):
            raise Stop("nothing was installed", FAILED)
        return wanted

    return ask


def _describe(proposal: Proposal, granted: set[str]) -> None:
    made = proposal.manifest
    before = f" (now {proposal.before})" if proposal.before else ""
    print(f"{made.title} {made.version}{before}, {made.licence}: {made.description or 'no description'}")
    for item in proposal.items[1:]:
        source = item.name.lower().replace("-", "_") in {name.lower().replace("-", "_") for name in made.sdists}
        print(f"  brings    {item.name} {item.version}{', built from source behind the sandbox' * source}")
    for name, permission in made.permissions.items():
        state = "granted" if name in granted else "not granted"
        paths = f" ({', '.join(permission.paths)})" if permission.paths else ""
        print(f"  asks for  {name}{paths}: {permission.reason} [{state}]")


def _answer(question: str) -> bool:
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _say_state(options: argparse.Namespace) -> None:
    from nawgraph.packs.provide import enforced
    from nawgraph.packs.sandbox import State, offers

    state = offers() if enforced() else State()
    if not state.sandboxed:
        common.say(str(state))


def remove(options: argparse.Namespace) -> int:
    """Remove a pack."""
    from nawgraph.packs.install import Installer

    with common.sentences():
        Installer().remove(options.pack)
    print(f"removed: {options.pack}")
    return OK


def grant(options: argparse.Namespace) -> int:
    """Grant or revoke permissions."""
    from nawgraph.packs.install import Installer

    with common.sentences():
        pack = Installer().grant(options.pack, options.permissions, revoke=options.what == "revoke")
    print(f"{options.pack} may: {', '.join(pack.granted) or 'nothing beyond its own folder'}")
    return OK


def rollback(options: argparse.Namespace) -> int:
    """Undo the last change."""
    from nawgraph.packs.install import Installer

    with common.sentences():
        before, _ = Installer().rollback()
    print(f"undone: {before.change or 'the last change'}")
    return OK


# ------------------------------------------------------------------------------------- looking


def listed(options: argparse.Namespace) -> int:
    """List installed packs."""
    from nawgraph.packs.provide import Packs

    with common.sentences():
        known = Packs().known.values()
    if options.json:
        common.print_json({"packs": [_pack_json(k) for k in known], "sandbox": _sandbox()})
        return OK
    for k in known:
        words = k.problem or (k.manifest.description if k.manifest else "")
        print(f"{k.id} {k.pack.version}  {'broken: ' * bool(k.problem)}{words}".rstrip())
    print(f"{len(known)} pack{'s' * (len(known) != 1)}, {_sandbox()}")
    return OK


def _pack_json(known: Any) -> dict[str, Any]:
    made = known.manifest
    return {
        "id": known.id,
        "version": known.pack.version,
        "licence": made.licence if made else None,
        "source": known.pack.source,
        "sha256": known.pack.sha256,
        "nodes": [node.id for node in known.nodes],
        "permissions": {
            n: {"reason": p.reason, "granted": n in known.pack.granted} for n, p in made.permissions.items()
        }
        if made
        else {},
        "libraries": known.pack.libraries,
        "problem": known.problem or None,
    }


def _sandbox() -> str:
    from nawgraph.packs.provide import enforced
    from nawgraph.packs.sandbox import State, offers

    return str(offers() if enforced() else State())


def info(options: argparse.Namespace) -> int:
    """Describe a pack."""
    from nawgraph.packs.provide import Packs

    with common.sentences():
        known = Packs().known.get(options.pack)
    if known is None or known.manifest is None:
        raise Stop(f"the pack {options.pack!r} is not installed" if known is None else known.problem)
    made = known.manifest
    print(f"{made.title} {made.version}, {made.licence}: {made.description}")
    print(f"from {known.pack.source}, sha256 {known.pack.sha256}")
    for node in known.nodes:
        first = node.help.partition("\n")[0]
        print(f"  node      {node.id}  {first}")
    for name, version in known.pack.libraries.items():
        print(f"  brings    {name} {version}")
    for name, permission in made.permissions.items():
        state = "granted" if name in known.pack.granted else "not granted"
        print(f"  asks for  {name}: {permission.reason} [{state}]")
    return OK


def doctor(options: argparse.Namespace) -> int:
    """Check packs."""
    from nawgraph.packs.doctor import examine

    with common.sentences():
        findings = list(examine(options.packs))
    for finding in findings:
        print(f"{finding.id} {finding.version}: {finding.sentence}")
    print(f"{len(findings)} checked, {sum(not f.sound for f in findings)} broken")
    return OK if all(f.sound for f in findings) else FAILED


# ------------------------------------------------------------------------------------- writing


def new(options: argparse.Namespace) -> int:
    """Make a new pack."""
    from nawgraph.packs.template import make

    with common.sentences():
        folder = make(options.name, Path.cwd())
    print(f"made {folder}; next: cd {folder.name} && nawgraph pack test && nawgraph pack install .")
    return OK


def build(options: argparse.Namespace) -> int:
    """Write the catalogue."""
    from nawgraph.packs import source

    with common.sentences():
        found = source.find(Path(options.folder))
        if options.check:
            different = source.difference(found.stated(), source.described(found))
            print(different or f"{found.catalogue} agrees with the code")
            return FAILED if different else OK
        changed = source.build(found)
    print(f"{found.catalogue} {'was written' if changed else 'is up to date'}")
    return OK


def test(options: argparse.Namespace) -> int:
    """Check what a pack promises."""
    from nawgraph.packs import check

    with common.sentences():
        results = list(check.run(Path(options.folder)))
    for result in results:
        print(f"{'ok' if result.passed else 'FAILED':<7} {result.name}{': ' * bool(result.sentence)}{result.sentence}")
    failed = sum(not result.passed for result in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return FAILED if failed else OK
