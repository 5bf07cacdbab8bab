"""The three services, the chassis they stand on, and the command line over them."""
