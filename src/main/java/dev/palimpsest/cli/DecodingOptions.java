package dev.palimpsest.cli;

import dev.palimpsest.generate.Decoding;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** How answers are drawn. */
final class DecodingOptions {
  @Option(names = "--max-tokens", description = "default: ${DEFAULT-VALUE}")
  private int maxTokens = Decoding.MAX_TOKENS;

  @Option(names = "--temperature", defaultValue = "0", description = "0 is greedy, the default")
  private double temperature;

  @Option(names = "--top-k", defaultValue = "0", description = "0 for all, the default")
  private int topK;

  @Option(names = "--top-p", defaultValue = "1", description = "1 for all, the default")
  private double topP;

  @Option(names = "--stop", description = "a text that ends an answer; may repeat")
  private List<String> stop = new ArrayList<>();

  @Option(names = "--seed", defaultValue = "0", description = "default: ${DEFAULT-VALUE}")
  private long seed;

  Decoding decoding() {
    return new Decoding(maxTokens, temperature, topK, topP, seed, stop);
  }
}
