# The image of one service, chosen by SERVICE, or (target "cli") of the leadwire command. Built from the root of the
# repository: docker build -f deploy/docker/service.Dockerfile --build-arg SERVICE=sponsor-svc .
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_NO_SOURCES=1
WORKDIR /src
COPY bootstrap.lock requirements.lock ./
RUN python -m venv /opt/uv \
    && /opt/uv/bin/pip install --no-cache-dir --require-hashes -r bootstrap.lock \
    && /opt/uv/bin/uv venv --python python3 /opt/leadwire
COPY libs libs

# The lock is a constraint here: what a service does not need stays out, and what it gets has the locked hashes.
FROM build AS build-service
ARG SERVICE
COPY services/${SERVICE} services/${SERVICE}
RUN --mount=type=cache,target=/root/.cache/uv \
    /opt/uv/bin/uv pip install --python /opt/leadwire --constraint requirements.lock \
    ./libs/contracts ./libs/messaging ./libs/servicekit "./services/${SERVICE}"

FROM build AS build-cli
COPY services services
COPY cli cli
RUN mkdir /documents
RUN --mount=type=cache,target=/root/.cache/uv \
    /opt/uv/bin/uv pip install --python /opt/leadwire --constraint requirements.lock \
    ./libs/contracts ./libs/messaging ./libs/servicekit ./libs/embedded ./services/* ./cli

FROM ${PYTHON_IMAGE} AS runtime
RUN groupadd --system --gid 10001 leadwire \
    && useradd --system --uid 10001 --gid 10001 --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin leadwire
ENV PATH=/opt/leadwire/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /

FROM runtime AS cli
COPY --from=build-cli /opt/leadwire /opt/leadwire
# Where `leadwire documents` writes: a volume that is mounted here has this owner.
COPY --from=build-cli --chown=10001:10001 /documents /documents
ENTRYPOINT ["leadwire"]

# Started with the package and its role, e.g. "sponsor_svc api".
FROM runtime AS service
COPY --from=build-service /opt/leadwire /opt/leadwire
ENTRYPOINT ["python", "-m"]
