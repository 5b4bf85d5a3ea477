"""Drills with real traffic: HAProxy as flyball configures it, applications, backends and an open-loop load.

Everything runs in processes of the drill's own and speaks over the loopback interface. Waiting times and windows are
compressed (`settings`), so that an incident and the recovery from it take about ten seconds.
"""
