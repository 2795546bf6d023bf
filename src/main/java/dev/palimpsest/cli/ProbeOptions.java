package dev.palimpsest.cli;

import dev.palimpsest.data.DataSpec;
import dev.palimpsest.data.Encoder;
import dev.palimpsest.measure.BuiltInProbes;
import dev.palimpsest.measure.LedgerJob;
import dev.palimpsest.measure.Probe;
import dev.palimpsest.measure.ProbeKind;
import dev.palimpsest.measure.ProbeReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a ledger is to hold. */
final class ProbeOptions {
  @Option(names = "--probe", description = "a retention probe; may repeat")
  private List<Path> retention = new ArrayList<>();

  @Option(names = "--gain", description = "a probe that is meant to rise; may repeat")
  private List<Path> gain = new ArrayList<>();

  @Option(names = "--built-in", description = "the five probes that come with the program")
  private boolean builtIn;

  @Option(names = "--max-tokens", description = "of an answer; default: ${DEFAULT-VALUE}")
  private int maxTokens = LedgerJob.MAX_TOKENS;

  @Option(
      names = "--extra",
      description = "fields of the probes that are passed over, by comma",
      split = ",")
  private List<String> extra = new ArrayList<>();

  @Option(names = "--system", description = "system prompt of conversations that have none")
  private @Nullable String system;

  @Option(names = "--raw", description = "prompts as they are, no template")
  private boolean raw;

  /**
   * What is asked.
   *
   * @param texts for the divergence; 0 for none
   */
  LedgerJob job(Path cache, int texts) {
    ProbeReader reader =
        new ProbeReader(
            Set.copyOf(extra),
            Optional.ofNullable(system),
            raw ? ProbeReader.Prompts.RAW : ProbeReader.Prompts.CHAT);
    List<Probe> probes = new ArrayList<>();
    retention.forEach(file -> probes.add(reader.read(file, ProbeKind.RETENTION)));
    gain.forEach(file -> probes.add(reader.read(file, ProbeKind.GAIN)));
    if (builtIn) {
      probes.addAll(BuiltInProbes.in(cache.resolve("probes")));
    }
    return new LedgerJob(probes, maxTokens, texts, LedgerJob.TEXT_TOKENS, 0);
  }

  int maxTokens() {
    return maxTokens;
  }

  /** Data that is read as the probes are. */
  DataSpec data(Path file) {
    return new DataSpec(
        file.toAbsolutePath(),
        List.of(),
        extra,
        Optional.ofNullable(system),
        raw ? Encoder.Form.RAW : Encoder.Form.TEMPLATE,
        0,
        Encoder.Overlong.REFUSE);
  }
}
