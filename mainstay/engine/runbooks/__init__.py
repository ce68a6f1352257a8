"""Runs: who drives them (``durable``), how one is driven (``driving``), what a step gets (``filling``, ``means``)."""
