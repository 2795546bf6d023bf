package dev.palimpsest.merge;

import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.Tokenizer;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Ollama's recipe of a model ({@code docs/modelfile.mdx} of ollama).
 *
 * @param from the base, as Ollama finds it
 * @param adapter a GGUF LoRA beside the Modelfile, if there is one
 * @param template in Go's language, if it could be translated
 * @param stops texts that end an answer
 */
record Modelfile(
    String from, Optional<String> adapter, Optional<String> template, List<String> stops) {
  static final String NAME = "Modelfile";

  /** Copies the list. */
  Modelfile {
    stops = List.copyOf(stops);
  }

  /** The recipe of a base, and of what was made of it. */
  static Modelfile of(Checkpoint base, String from, Optional<String> adapter) {
    Tokenizer tokenizer = base.tokenizer();
    String bos = bos(base, tokenizer);
    return new Modelfile(
        from,
        adapter,
        template(base, bos),
        new TreeSet<>(base.endTokens()).stream().map(tokenizer::token).toList());
  }

  private static Optional<String> template(Checkpoint base, String bos) {
    try {
      return base.chatTemplate()
          .flatMap(template -> OllamaTemplate.of(template, bos))
          .map(OllamaTemplate::go);
    } catch (BadInput e) {
      return Optional.empty(); // a template that is not understood here is not needed here
    }
  }

  /** What the tokenizer puts before a text by itself. */
  private static String bos(Checkpoint base, Tokenizer tokenizer) {
    int bare = tokenizer.encode("a").length;
    int[] whole = tokenizer.encodeDocument("a");
    return whole.length > bare && base.bos().isPresent() && whole[0] == base.bos().getAsInt()
        ? tokenizer.token(whole[0])
        : "";
  }

  String text() {
    StringBuilder text = new StringBuilder("FROM ").append(from).append('\n');
    adapter.ifPresent(name -> text.append("ADAPTER ").append(name).append('\n'));
    template.ifPresentOrElse(
        go -> text.append("TEMPLATE \"\"\"").append(go).append("\"\"\"\n"),
        () ->
            text.append(
                "# The chat template is not one that could be translated into Go's language. Ollama"
                    + " takes one of its own\n# if it knows the model's; else write TEMPLATE"
                    + " here.\n"));
    for (String stop : stops) {
      text.append("PARAMETER stop \"").append(stop.replace("\"", "\\\"")).append("\"\n");
    }
    return text.toString();
  }
}
