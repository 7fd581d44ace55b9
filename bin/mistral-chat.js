#!/usr/bin/env node
require('./start.js')('mistral-chat');
