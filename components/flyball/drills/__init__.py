"""Drills: incidents replayed on a real control plane, with the guard and without it.

Time is compressed: one second of a drill stands for twelve (`settings.COMPRESSION`), in the autoscaler's periods, the
start of a pod and the rules' waiting times alike, so that the ratios of the rules are kept.
"""
