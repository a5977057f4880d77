# The container image: the root file system that `make image` lays out in build/image, and nothing else. So
# nothing is fetched or run here, and an image for another architecture needs no emulation.
FROM scratch

# Set by the builder from --platform.
ARG TARGETARCH

# Node.js and what it needs of the distribution. It changes seldom, so a push of a new version is small.
COPY build/image/${TARGETARCH}/layers/runtime/ /
COPY build/image/${TARGETARCH}/layers/app/ /

ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.title="sluice" \
      org.opencontainers.image.description="Gateway between a Kubernetes cluster and CI: starts a build for each accepted Event, once." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# Certificates in /etc/ssl/certs are trusted in addition to those of Node.js. /var/lib/sluice is the one folder
# that is written: the store and the API's token. Mount a volume there to keep them. Every user may write
# there, and the files are for their own user alone.
ENV PATH=/usr/local/bin \
    NODE_ENV=production \
    NODE_USE_SYSTEM_CA=1 \
    SLUICE_DATA=/var/lib/sluice \
    TMPDIR=/var/lib/sluice

WORKDIR /app
# A number, so that runAsNonRoot can be checked; any other user works as well.
USER 1000:1000
EXPOSE 8080
# No shell and no npm in between: the gateway itself gets SIGTERM and drains.
ENTRYPOINT ["/usr/local/bin/sluice"]
CMD ["run"]
