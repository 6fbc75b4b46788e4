"""Cases of the shipped rules, one file for each kind of asset; `oxygrid rules test` runs them."""
