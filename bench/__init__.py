"""``make bench``: what Mainstay costs, beside floors and peers measured in the same minutes on the same machine."""
