"""What runs beside the workers, made from the same names: rules, Alertmanager, Grafana. `python -m stream.deploy [--check]`."""
