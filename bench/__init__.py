"""What Oxygrid costs, measured: `python -m bench`. docs/reference/performance.md has the method and the last figures."""
