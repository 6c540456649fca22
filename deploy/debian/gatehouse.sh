#!/bin/sh
exec /usr/lib/gatehouse/node /usr/lib/gatehouse/bin/gatehouse "$@"
