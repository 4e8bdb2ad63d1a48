# A runtime image of the executables: npm run pkg && docker build -t mqttx .
# docker run --rm mqttx sub -h broker.example -t '#'
FROM debian:12-slim AS executable
ARG TARGETARCH=amd64
COPY build/bin/ /executables/
RUN case "$TARGETARCH" in amd64) name=linux-x64 ;; *) name="linux-$TARGETARCH" ;; esac \
 && install -m 755 "/executables/$name/mqttx" /usr/local/bin/mqttx

FROM debian:12-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
COPY --from=executable /usr/local/bin/mqttx /usr/local/bin/mqttx
USER nobody
ENTRYPOINT ["/usr/local/bin/mqttx"]
CMD ["--help"]
