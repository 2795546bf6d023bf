package dev.palimpsest.merge;

import dev.palimpsest.run.Json;
import dev.palimpsest.run.Sha256;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * The README.md of what was written: the base and its licence, what was made of it, and for an
 * adapter that stands in a run's folder the run's data, settings and ledger.
 *
 * @param base what the user called it
 * @param license of the base, as its files name it
 * @param library that reads it, by the hub's name
 */
record ModelCard(
    String base, Optional<String> license, String library, String what, List<Weighted> adapters) {
  static final String NAME = "README.md";

  /** Copies the list. */
  ModelCard {
    adapters = List.copyOf(adapters);
  }

  String text() {
    List<String> lines = new ArrayList<>();
    lines.add("---");
    license.ifPresent(name -> lines.add("license: " + name));
    // the hub takes its own names alone
    if (base.matches("hf:.*")) {
      lines.add("base_model: " + base.substring(3).replaceFirst("@.*", ""));
    }
    lines.add("library_name: " + library);
    lines.add("---");
    lines.add("");
    lines.add("# " + what);
    lines.add("");
    lines.add("- Base: `" + base + "`");
    lines.add(
        "- Licence of the base: " + license.orElse("its files name none; look where it is from"));
    for (Weighted adapter : adapters) {
      lines.add("- Adapter: `" + shown(Path.of(adapter.name())) + "`, weight " + adapter.weight());
    }
    adapters.forEach(adapter -> run(Path.of(adapter.name()), lines));
    return String.join("\n", lines) + "\n";
  }

  /** The end of a path; the rest says more of a machine than of the adapter. */
  private static Path shown(Path adapter) {
    int names = adapter.getNameCount();
    return adapter.subpath(Math.max(0, names - 2), names);
  }

  /** What the run says whose folder the adapter stands in. */
  private static void run(Path adapter, List<String> lines) {
    Path run = adapter.toAbsolutePath().normalize().getParent();
    if (run == null || !Files.exists(run.resolve("run.json"))) {
      return;
    }
    JsonNode about = Json.read(run.resolve("run.json"));
    JsonNode job = about.path("job");
    lines.add("");
    lines.add("## The run " + Objects.requireNonNull(run.getFileName()));
    lines.add("");
    lines.add(
        "- Data: %s rows, fingerprint `%s`"
            .formatted(about.path("rows"), about.path("data").asString("")));
    lines.add("- Base's fingerprint: `" + about.path("base").asString("") + "`");
    lines.add("- Method: `" + job.path("method") + "`");
    lines.add("- Settings: `" + job.path("settings") + "`");
    lines.add("- Palimpsest " + about.path("palimpsest").asString(""));
    Path ledger = run.resolve("ledger.json");
    if (Files.exists(ledger)) {
      JsonNode document = Json.read(ledger);
      Path weights = adapter.resolve("adapter_model.safetensors");
      // a run that has gone on since has another adapter
      if (document.path("adapter_sha256").asString("").equals(Sha256.of(weights))) {
        ledger(document, lines);
      }
    }
  }

  private static void ledger(JsonNode ledger, List<String> lines) {
    lines.add("");
    lines.add("## Its ledger: the whole adapter's, before and after, item by item");
    lines.add("");
    lines.add("| probe | kind | n | before | after | Δ | 95 % | lost | won |");
    lines.add("|---|---|---|---|---|---|---|---|---|");
    for (JsonNode probe : ledger.path("probes")) {
      row(probe, probe.path("name").asString(""), probe.path("kind").asString(""), lines);
    }
    JsonNode texts = ledger.path("bits_per_byte");
    if (texts.isObject()) {
      row(texts, "bits a byte", "texts", lines);
    }
    JsonNode kl = ledger.path("kl_nats_per_token");
    if (kl.isNumber()) {
      lines.add("");
      lines.add(
          "KL(base‖tuned) along texts sampled from the base: " + number(kl) + " nats a token.");
    }
  }

  private static void row(JsonNode probe, String name, String kind, List<String> lines) {
    JsonNode interval = probe.path("ci95");
    lines.add(
        "| %s | %s | %s | %s | %s | %s | %s | %s | %s |"
            .formatted(
                name,
                kind,
                probe.path("n"),
                number(probe.path("before")),
                number(probe.path("after")),
                number(probe.path("delta")),
                interval.size() == 2
                    ? number(interval.get(0)) + " to " + number(interval.get(1))
                    : "",
                count(probe.path("lost")),
                count(probe.path("won"))));
  }

  private static String number(JsonNode value) {
    return value.isNumber() ? String.format(Locale.ROOT, "%.4g", value.asDouble()) : "";
  }

  private static String count(JsonNode value) {
    return value.isNumber() ? value.toString() : "";
  }
}
