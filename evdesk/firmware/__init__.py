"""Floor 2: manifests, what fits which charger, the machine that follows an update, the rollout. Pure: no I/O, no clock."""
