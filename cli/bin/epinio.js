#!/usr/bin/env node
// A committed file, so that npm can link it before the first build.
import { existsSync } from "node:fs";
