// The first script of the executables on Bun.
'use strict'

require('../../dist/main.cjs').start()
