"""Builds the distribution; Apache Beam also calls this file to package our code for its workers."""

from setuptools import find_packages, setup

PACKAGES = ("pipeline", "serving", "benchmarks", "components", "transform", "trainer", "schema")

setup(packages=find_packages(include=[pattern for name in PACKAGES for pattern in (name, f"{name}.*")]))
