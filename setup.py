"""Packaging of credentials-accredible."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def version() -> str:
    """The version in ``credentials_accredible/__init__.py``."""
    source = (HERE / "credentials_accredible" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', source, re.MULTILINE)
    if not found:
        raise RuntimeError("credentials_accredible/__init__.py has no __version__")
    return found.group(1)


def requirements(path: str) -> list[str]:
    """The requirements of a ``.in`` file, without its comments and its ``-r`` lines."""
    lines = (line.split("#")[0].strip() for line in (HERE / path).read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("-")]


setup(
    name="credentials-accredible",
    version=version(),
    description="Accredible digital badges for the Open edX Credentials service",
    long_description=(HERE / "README.rst").read_text(encoding="utf-8"),
    long_description_content_type="text/x-rst",
    license_expression="Apache-2.0",
    license_files=["LICENSE"],
    keywords="openedx credentials accredible badges",
    packages=find_packages(include=["credentials_accredible", "credentials_accredible.*"]),
    package_data={"credentials_accredible": ["locale/**/*", "static/**/*", "templates/**/*", "tutor/patches/*"]},
    zip_safe=False,
    python_requires=">=3.11",
    install_requires=requirements("requirements/base.in"),
    entry_points={
        "credentials.djangoapp": [
            "credentials_accredible = credentials_accredible.apps:CredentialsAccredibleConfig",
        ],
        "tutor.plugin.v1": ["accredible = credentials_accredible.tutor.plugin"],
    },
    classifiers=[
        "Development Status :: 4 - Beta",
        "Framework :: Django",
        "Framework :: Django :: 4.2",
        "Framework :: Django :: 5.2",
        "Intended Audience :: Developers",
        "Intended Audience :: System Administrators",
        "Natural Language :: English",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Topic :: Education",
    ],
)
