# The collector. Built from the lock file, every package checked by its hash; runs as a user of its own that can write its data and nothing else.
ARG PYTHON=3.13-slim-trixie

FROM python:${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /opt/oxygrid
COPY requirements.lock ./
RUN python -m venv .venv \
    && .venv/bin/pip install --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY devices ./devices
COPY dashboards ./dashboards
COPY collector ./collector
RUN .venv/bin/pip install --no-deps --no-build-isolation . \
    && .venv/bin/pip uninstall --yes pip \
    && .venv/bin/python -m compileall -q .venv/lib

FROM python:${PYTHON}
RUN groupadd --gid 10001 oxygrid \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/oxygrid --shell /usr/sbin/nologin oxygrid \
    && install -d -o oxygrid -g oxygrid -m 0700 /var/lib/oxygrid
COPY --from=build /opt/oxygrid/.venv /opt/oxygrid/.venv
ENV PATH=/opt/oxygrid/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 OXYGRID_CONFIG=/etc/oxygrid/oxygrid.yaml
USER 10001:10001
WORKDIR /var/lib/oxygrid
VOLUME /var/lib/oxygrid
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9464/healthz', timeout=4)"]
ENTRYPOINT ["oxygrid"]
CMD ["run"]
