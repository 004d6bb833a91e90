"""The services of the mesh and the chassis that they stand on."""
