"""Checks docker-compose.yml where docker-compose is not to be had: its parts are there and refer to each other."""

from pathlib import Path

import yaml

services = yaml.safe_load(Path("docker-compose.yml").read_text(encoding="utf-8"))["services"]
for name, service in services.items():
    if not {"image", "build"} & service.keys():
        raise SystemExit(f"docker-compose.yml: services.{name}: neither image nor build")
    for other in service.get("depends_on", {}):
        if other not in services:
            raise SystemExit(f"docker-compose.yml: services.{name}.depends_on: {other} is no service")
