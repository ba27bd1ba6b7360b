"""What `workspace.yaml` loads: everything, configured by the environment."""

from assets.assembly import build_definitions
from jod_pipelines.settings import load_settings

defs = build_definitions(load_settings())
