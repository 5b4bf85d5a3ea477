"""The components as a package, made once for all tests, as it is for all programs of a process."""

from functools import cache

from flyball.plugin import Package

package = cache(Package)
"""It takes a third of a second, most of it to find what its types say of themselves."""
