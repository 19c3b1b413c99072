"""A browser, and the embedded host served to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1000",
]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Chromium without a window."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    assert chromium, "chromium is not installed"
    assert driver, "chromedriver is not installed"
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    with webdriver.Chrome(options=options, service=Service(driver)) as window:
        window.implicitly_wait(15)
        yield window


@pytest.fixture
def page(browser: webdriver.Chrome, live_server: Any, admin_user: Any, tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """The admin, logged in. A test fails by what pages complain of in the console, answers of 500 included."""
    browser.get(f"{live_server.url}/admin/")
    browser.find_element(By.ID, "id_username").send_keys("admin")
    browser.find_element(By.ID, "id_password").send_keys("password")
    browser.find_element(By.CSS_SELECTOR, "[type=submit]").click()
    # Only then is the page of the log-in gone: an address opened before that would be opened by nobody.
    browser.find_element(By.ID, "user-tools")
    # What the pages of other tests had to complain about.
    browser.get_log("browser")
    yield browser
    complaints = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    browser.delete_all_cookies()
    assert [message for message in complaints if "favicon" not in message] == []


@pytest.fixture
def visit(page: webdriver.Chrome, live_server: Any) -> Callable[[str], None]:
    """Opens a path of the host."""
    return lambda path: page.get(live_server.url + path)


@pytest.fixture
def log_in(page: webdriver.Chrome, client: Any) -> Callable[[Any], None]:
    """Goes on as another user."""

    def change(user: Any) -> None:
        client.force_login(user)
        page.delete_all_cookies()
        page.add_cookie({"name": "sessionid", "value": client.cookies["sessionid"].value, "path": "/"})

    return change


@pytest.fixture(params=[1280, 390])
def width(page: webdriver.Chrome, request: pytest.FixtureRequest) -> Iterator[int]:
    """A window of so many pixels."""
    size = {"width": request.param, "height": 900, "deviceScaleFactor": 1, "mobile": request.param < 500}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield request.param
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
