package dev.palimpsest.merge;

import dev.palimpsest.model.Architecture;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.tokenizer.Printable;
import dev.palimpsest.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Ollama's recipe of a model ({@code docs/modelfile.mdx} and {@code parser/parser.go} of ollama,
 * 0.17.4).
 *
 * @param from the base, as Ollama finds it
 * @param adapter a GGUF LoRA beside the Modelfile, if there is one
 * @param template in Go's language, if it could be translated
 * @param stops texts that end an answer
 * @param notes what its reader has to know
 */
record Modelfile(
    String from,
    Optional<String> adapter,
    Optional<String> template,
    List<String> stops,
    List<String> notes) {
  static final String NAME = "Modelfile";

  /** Whose engine in Ollama answers "loras are not yet implemented" ({@code fs/ggml/ggml.go}). */
  private static final Set<Architecture> WITHOUT_ADAPTERS =
      Set.of(Architecture.GEMMA3, Architecture.QWEN3);

  /** Copies the lists. */
  Modelfile {
    stops = List.copyOf(stops);
    notes = List.copyOf(notes);
  }

  /** The recipe of a base, and of what was made of it. */
  static Modelfile of(Checkpoint base, String from, Optional<String> adapter) {
    Tokenizer tokenizer = base.tokenizer();
    Optional<OllamaTemplate> template = template(base, bos(base, tokenizer));
    List<String> stops = new TreeSet<>(base.endTokens()).stream().map(tokenizer::token).toList();
    List<String> notes = new ArrayList<>();
    if (template.isEmpty()) {
      notes.add(
          "the chat template could not be translated into Ollama's language; Ollama takes one of"
              + " its own if it knows the model's, else write TEMPLATE");
    } else if (template.get().trims()) {
      notes.add("white space around a message is kept, which the model's own template cuts off");
    }
    stops.stream()
        .filter(stop -> !isWritable(stop))
        .forEach(stop -> notes.add("a stop is left out that its parser would change"));
    if (adapter.isPresent() && WITHOUT_ADAPTERS.contains(base.config().architecture())) {
      notes.add(
          "Ollama's engine for this family takes no adapters; merge it, export --format gguf");
    }
    return new Modelfile(
        from,
        adapter,
        template.map(OllamaTemplate::go),
        stops.stream().filter(Modelfile::isWritable).toList(),
        notes);
  }

  /** Whether Ollama's parser reads a text between quotes as it is: it knows no escapes. */
  private static boolean isWritable(String stop) {
    return isKept(stop) && !stop.startsWith("\"") && !stop.contains("\n") && !stop.contains("\r");
  }

  /** Whether it drops none of a text's characters, as it does where Go would not print them. */
  static boolean isKept(String text) {
    return text.codePoints()
        .allMatch(each -> each == '\n' || each == '\r' || each == '\t' || Printable.is(each));
  }

  private static Optional<OllamaTemplate> template(Checkpoint base, String bos) {
    try {
      return base.chatTemplate().flatMap(template -> OllamaTemplate.of(template, bos));
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
    adapter.ifPresent(
        name ->
            text.append("# FROM is the base on the machine that wrote this\n")
                .append("ADAPTER ")
                .append(name)
                .append('\n'));
    template.ifPresent(go -> text.append("TEMPLATE \"\"\"").append(go).append("\"\"\"\n"));
    stops.forEach(stop -> text.append("PARAMETER stop \"").append(stop).append("\"\n"));
    notes.forEach(note -> text.append("# ").append(note).append('\n'));
    return text.toString();
  }
}
