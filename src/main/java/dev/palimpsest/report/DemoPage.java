package dev.palimpsest.report;

import dev.palimpsest.compare.DemoResult;

record DemoPage(DemoResult result) {
  String html() {
    return "";
  }
}
