# The image holds one static program, the certificate authorities and a folder for its journal; no shell, no libraries.
#
# With a network:      docker build -t bedrock-connector .
# With what is here:   .ci/image, which gives the stage `build` by --build-context, with a program built beside it.

FROM docker.io/library/rust:1.95-alpine AS build
RUN apk add --no-cache build-base ca-certificates
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --bin bedrock-connector \
    && install -D target/release/bedrock-connector /image/bedrock-connector \
    && install -D -m 644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
    && mkdir -p /data

FROM scratch
LABEL org.opencontainers.image.title="bedrock-connector" \
      org.opencontainers.image.description="Outbound connector worker for Camunda 8 that calls models on Amazon Bedrock" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image/ /
# The only place that is written to. Everything else may be read-only.
COPY --from=build --chown=65532:65532 /data/ /data/
ENV BEDROCK_CONNECTOR_DATA_DIR=/data
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --start-period=15s --interval=15s --timeout=15s CMD ["/bedrock-connector", "health"]
ENTRYPOINT ["/bedrock-connector"]
