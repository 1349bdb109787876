"""A server over the model and the database of the small shop."""

import contextlib
import shutil
import threading
import time
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="session")
def pushed(trained_shop, tmp_path_factory):
    """A push directory with one version, and the database that its users are in."""
    directory = tmp_path_factory.mktemp("pushed")
    shutil.copytree(trained_shop.model, directory / "1000")
    return SimpleNamespace(
        directory=directory,
        url=f"sqlite:///{trained_shop.directory}/shop.db",
        model=trained_shop.model,
        hidden=trained_shop.hidden,
        product_ids=trained_shop.product_ids,
    )


@pytest.fixture(scope="session")
def served(pushed):
    """The pushed model, loaded once for all servers of it."""
    from serving.model.holder import warm
    from serving.model.pushed_model import PushedModel

    return warm(PushedModel(pushed.directory))


@pytest.fixture(scope="session")
def make_server(pushed, served):
    """`make(url, directory, load, extras, **settings)`: a server that has its model."""
    from schema.source import open_source
    from schema.source_settings import SourceSettings
    from serving.database.shop import Shop
    from serving.http.server import Server
    from serving.http.settings import ServerSettings
    from serving.model.holder import ModelHolder

    def make(url=None, directory=None, load=True, extras=None, **settings):
        # No answer of a busy machine is to be taken for the fallback.
        limits = ServerSettings(**{"poll_seconds": 0.05, "budget_ms": 60_000, **settings})
        source = SourceSettings(url=url or pushed.url)
        shop = Shop(lambda: open_source(source), limits.clock_seconds)
        holder = ModelHolder(directory or pushed.directory, limits.poll_seconds)
        server = Server(limits, holder, shop, extras)
        if load and directory is None:
            holder.take(served)
        elif load:
            holder.refresh()
        return server

    return make


@pytest.fixture(scope="session")
def make_late_server(make_server):
    """`make(**options)`: a server whose database answers when the time of a request is over."""

    def make(**options):
        server = make_server(budget_ms=20, **options)
        server.shop.question, server.shop.now = _late(server.shop.question), _late(server.shop.now)
        return server

    return make


def _late(function):
    def answer(*arguments):
        time.sleep(0.3)
        return function(*arguments)

    return answer


@pytest.fixture(scope="session")
def server(make_server):
    return make_server()


@pytest.fixture(scope="session")
def client(server):
    from fastapi.testclient import TestClient

    from serving.http.app import create_app

    with TestClient(create_app(server), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def listening():
    """`with listening(server) as address:` serves on a free port of this machine, with real uvicorn."""
    import uvicorn

    from serving.running import configuration

    @contextlib.contextmanager
    def serve(server):
        runner = uvicorn.Server(configuration(server))
        thread = threading.Thread(target=runner.run, daemon=True)
        thread.start()
        try:
            while not runner.started:
                assert thread.is_alive()
                time.sleep(0.01)
            yield f"http://127.0.0.1:{runner.servers[0].sockets[0].getsockname()[1]}"
        finally:
            runner.should_exit = True
            thread.join()

    return serve
