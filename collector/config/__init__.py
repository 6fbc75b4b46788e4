"""The configuration: `load(path)` gives a frozen `Config` or raises ConfigError with every problem at once."""

from collector.config.loader import ConfigError, load
from collector.config.model import Config
from collector.config.secret import read_secret

__all__ = ["Config", "ConfigError", "load", "read_secret"]
