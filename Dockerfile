# syntax=docker/dockerfile:1
# The image of every Kubeflow task and of the model server.
FROM python:3.11-slim-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends g++ \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
RUN python -m venv /opt/towerline
ENV PATH=/opt/towerline/bin:$PATH
COPY requirements/*.lock requirements/
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements/requirements.lock -r requirements/data.lock
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation .
# Beside what was installed, and not in the source beside it.
RUN cd / && python -m kernel.building

FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home towerline \
    && install -d -o 10001 -g 10001 /mnt/pipeline
COPY --from=build /opt/towerline /opt/towerline
# With a read-only root, what needs a temporary folder falls back to the working directory: the volume.
ENV PATH=/opt/towerline/bin:$PATH HOME=/mnt/pipeline PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /mnt/pipeline
VOLUME /mnt/pipeline
CMD ["towerline", "--help"]
