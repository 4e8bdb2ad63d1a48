#!/usr/bin/env node
const { enableCompileCache } = require('node:module')
const { HOME, XDG_CACHE_HOME } = process.env

// From Node 22.8 on, compiled code is kept for the next start: not in a folder that others can write to, as is the default.
const folder = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`)
if (folder) enableCompileCache?.(`${folder}/mqttx`)

require('../dist/main.cjs').start()
