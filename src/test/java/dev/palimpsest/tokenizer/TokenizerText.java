package dev.palimpsest.tokenizer;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The text of reference/tokenizer.py, made by the same rule. */
final class TokenizerText {
  private static final int PART_BYTES = 100_000;
  private static final JsonNode FRAGMENTS = read("tokenizer-fragments.json");

  private long state;

  private TokenizerText(long seed) {
    state = seed;
  }

  static JsonNode read(String resource) {
    try (InputStream in = TokenizerText.class.getResourceAsStream("/reference/" + resource)) {
      return JsonMapper.shared().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String part(int index) {
    TokenizerText random = new TokenizerText(index);
    StringBuilder text = new StringBuilder();
    int size = 0;
    while (size < PART_BYTES) {
      String piece = random.fragment();
      text.append(piece);
      size += piece.getBytes(StandardCharsets.UTF_8).length;
    }
    return text.toString();
  }

  /** splitmix64. */
  private int below(int bound) {
    state += 0x9E3779B97F4A7C15L;
    long z = state;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    z ^= z >>> 31;
    return (int) ((z >>> 33) % bound);
  }

  private JsonNode choose(String name) {
    JsonNode choices = FRAGMENTS.get(name);
    return choices.get(below(choices.size()));
  }

  private String of(String name) {
    return choose(name).asString();
  }

  private String inside(JsonNode range) {
    int low = range.get(0).asInt();
    return Character.toString(low + below(range.get(1).asInt() - low + 1));
  }

  private String fragment() {
    int kind = below(32);
    if (kind < 10) {
      return " " + of("words");
    }
    if (kind < 12) {
      return of("words");
    }
    if (kind < 16) {
      return of("code");
    }
    if (kind < 18) {
      return repeat(1 + below(12), () -> Integer.toString(below(10)));
    }
    if (kind < 20) {
      return repeat(1 + below(8), () -> inside(choose("cjk")));
    }
    if (kind < 21) {
      return of("emoji");
    }
    if (kind < 23) {
      return of("specials");
    }
    if (kind < 25) {
      String space = of("spaces");
      return space.repeat(1 + below(9));
    }
    if (kind < 26) {
      return repeat(1 + below(6), () -> of("spaces"));
    }
    if (kind < 28) {
      String base = of("bases");
      return base + repeat(1 + below(3), () -> inside(choose("marks")));
    }
    if (kind < 29) {
      return of("odd");
    }
    JsonNode range = choose("ranges");
    return repeat(1 + below(6), () -> inside(range));
  }

  private static String repeat(int times, Supplier<String> piece) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < times; i++) {
      text.append(piece.get());
    }
    return text.toString();
  }
}
