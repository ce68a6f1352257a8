"""DECIDE: plain values in, a named reason out. No framework, no I/O, no clock, no randomness."""
