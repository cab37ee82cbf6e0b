"""The semantic planner: a transformer that writes scores as parallel streams of tokens on the sixteenth grid."""
