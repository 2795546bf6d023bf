package dev.palimpsest.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.palimpsest.run.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * A browser without a window and without a network. It shows a page in a frame of a given width (a
 * window cannot be as narrow as a phone) that runs no script; the page around the frame measures.
 */
record Chromium(Path program, Path folder) {
  private static final String FRAME =
      """
      <!doctype html><meta charset="utf-8"><style>body { margin: 0 } iframe { border: 0 }</style>
      <iframe sandbox="allow-same-origin" src="%s" width="%d" height="%d"></iframe><pre></pre>
      <script>
      const frame = document.querySelector('iframe');
      frame.onload = () => {
        const page = frame.contentDocument, root = page.documentElement;
        const closed = root.scrollWidth;
        if (%b) page.querySelectorAll('details').forEach(d => d.open = true);
        const drawn = [...page.querySelectorAll('svg')]
            .filter(s => s.getBoundingClientRect().width > 0).length;
        document.querySelector('pre').textContent = 'measured ' + JSON.stringify({
          width: root.clientWidth, closed, open: root.scrollWidth, height: root.scrollHeight,
          words: page.body.innerText.split(/\\s+/).length, drawn,
          requests: frame.contentWindow.performance.getEntriesByType('resource').map(e => e.name)
        });
      };
      </script>
      """;

  /** Skips the test where there is no browser, but not on the build server. */
  static Chromium in(Path folder) {
    Optional<Path> program =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
            .flatMap(
                place -> Stream.of("chromium", "chromium-browser").map(Path.of(place)::resolve))
            .filter(Files::isExecutable)
            .findFirst();
    boolean required = "true".equals(System.getenv("CI"));
    assumeTrue(program.isPresent() || required, "no chromium on the path");
    return new Chromium(program.orElse(Path.of("chromium")), folder);
  }

  /** What the page measures at a width, all its lists opened. */
  JsonNode measure(Path page, int width) throws Exception {
    String dom = run(frame(page, width, 900, true), width, 900, "--dump-dom");
    int start = dom.indexOf("measured {");
    assertThat(start).as(dom.substring(Math.max(0, dom.length() - 500))).isNotNegative();
    return Json.parse(dom.substring(start + 9, dom.indexOf("</pre>", start)), "the page");
  }

  /** A picture of its first so many pixels. */
  Path picture(Path page, int width, int height, Path file) throws Exception {
    run(frame(page, width, height, false), width, height, "--screenshot=" + file);
    return file;
  }

  private Path frame(Path page, int width, int height, boolean open) throws IOException {
    Path frame = folder.resolve("frame.html");
    return Files.writeString(frame, FRAME.formatted(page.toUri(), width, height, open));
  }

  private String run(Path page, int width, int height, String wanted) throws Exception {
    Path out = folder.resolve("browser.out");
    Path err = folder.resolve("browser.err");
    List<String> call =
        new ArrayList<>(
            List.of(
                program.toString(),
                "--headless=new",
                "--no-sandbox", // a container's root has no other way
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--allow-file-access-from-files",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                "--user-data-dir=" + folder.resolve("profile"),
                "--enable-logging=stderr",
                "--virtual-time-budget=5000",
                "--window-size=" + width + "," + height,
                wanted,
                page.toUri().toString()));
    Process process =
        new ProcessBuilder(call).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      assertThat(process.waitFor(90, TimeUnit.SECONDS)).as("the browser ends").isTrue();
    } finally {
      process.destroyForcibly();
    }
    // scripts that were stopped, and what the page's own policy refused
    assertThat(Files.readAllLines(err)).noneMatch(line -> line.contains(":CONSOLE"));
    return Files.readString(out);
  }
}
