"""Inside the networks: feature maps, ablation, resolution."""
