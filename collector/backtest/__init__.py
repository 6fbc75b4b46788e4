"""Backtest: readings of the past through two sets of rules, and what would have been told, side by side."""
