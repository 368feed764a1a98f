# The worker and its commands; all settings come from the environment or a mounted csat.yaml.
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

COPY requirements/worker.txt requirements/worker.txt
RUN pip install --requirement requirements/worker.txt

COPY pyproject.toml README.md LICENSE ./
COPY stream stream
COPY schemas schemas
RUN pip install --no-deps --no-build-isolation . \
    && useradd --create-home --shell /usr/sbin/nologin csat

USER csat
WORKDIR /home/csat
CMD ["csat-stream", "--help"]
