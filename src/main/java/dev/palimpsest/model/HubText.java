package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.TextFile;
import dev.palimpsest.tokenizer.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * Reads the tokenizer's and generation's files of a Hugging Face folder. All but {@code
 * config.json} may be absent; a tokenizer is missed only when it is asked for.
 */
final class HubText {
  private static final Pattern LICENSE = Pattern.compile("license:\\s*[\"']?([^\"'\\s#]+).*");
  private static final List<String> SPECIAL =
      List.of("bos_token", "eos_token", "unk_token", "pad_token");

  private final Path folder;
  private final JsonFields config;
  private final JsonFields generation;
  private final JsonFields tokenizerConfig;

  HubText(Path folder, JsonNode config) {
    this.folder = folder;
    this.config = new JsonFields(config, folder.resolve("config.json").toString());
    this.generation = optional("generation_config.json");
    this.tokenizerConfig = optional("tokenizer_config.json");
  }

  private JsonFields optional(String name) {
    Path file = folder.resolve(name);
    return new JsonFields(
        Files.exists(file) ? Json.read(file) : Json.parse("{}", name), file.toString());
  }

  ModelText read() {
    return new ModelText(
        folder.resolve("tokenizer.json").toString(),
        this::tokenizer,
        this::tokenizerSource,
        chatTemplate(),
        specialTokens(),
        endTokens(),
        bos(),
        license());
  }

  private Tokenizer tokenizer() {
    return Tokenizer.ofJson(tokenizerSource());
  }

  private String tokenizerSource() {
    return text("tokenizer.json")
        .orElseThrow(
            () ->
                new BadInput(
                    folder
                        + ": has no tokenizer.json; save the tokenizer with"
                        + " transformers' save_pretrained"));
  }

  private Optional<String> text(String name) {
    Path file = folder.resolve(name);
    return Files.exists(file) ? Optional.of(TextFile.read(file)) : Optional.empty();
  }

  /** A file of its own wins over the tokenizer's configuration, as in transformers. */
  private Optional<String> chatTemplate() {
    Optional<String> file = text("chat_template.jinja");
    if (file.isPresent()) {
      return file;
    }
    if (Files.exists(folder.resolve("chat_template.json"))) {
      return optional("chat_template.json").text("chat_template");
    }
    JsonNode templates = tokenizerConfig.node().path("chat_template");
    if (!templates.isArray()) {
      return tokenizerConfig.text("chat_template");
    }
    for (JsonNode template : templates) {
      JsonFields named =
          new JsonFields(template, tokenizerConfig.where() + ", an entry of chat_template");
      if (named.text("name").equals(Optional.of("default"))) {
        return named.text("template");
      }
    }
    throw new BadInput(tokenizerConfig.where() + ": chat_template has no template named default");
  }

  private Map<String, String> specialTokens() {
    Map<String, String> tokens = new LinkedHashMap<>();
    for (JsonFields fields : List.of(optional("special_tokens_map.json"), tokenizerConfig)) {
      for (String name : SPECIAL) {
        // a string, or an object that says more about the token
        Optional<String> token =
            fields.node().path(name).isObject()
                ? fields.object(name).orElseThrow().text("content")
                : fields.text(name);
        token.ifPresent(value -> tokens.put(name, value));
      }
    }
    return tokens;
  }

  private Set<Integer> endTokens() {
    for (JsonFields fields : textFirst()) {
      List<Integer> ids = fields.oneOrMore("eos_token_id");
      if (!ids.isEmpty()) {
        return new TreeSet<>(ids);
      }
    }
    return Set.of();
  }

  private OptionalInt bos() {
    for (JsonFields fields : textFirst()) {
      Optional<Integer> id = fields.whole("bos_token_id");
      if (id.isPresent()) {
        return OptionalInt.of(id.get());
      }
    }
    return OptionalInt.empty();
  }

  /** The places of token ids, the most telling first. */
  private List<JsonFields> textFirst() {
    return config
        .object("text_config")
        .map(text -> List.of(generation, config, text))
        .orElse(List.of(generation, config));
  }

  /** From the head of the model card, which stands between two lines of dashes. */
  private Optional<String> license() {
    List<String> lines = text("README.md").stream().flatMap(String::lines).toList();
    if (lines.isEmpty() || !lines.getFirst().equals("---")) {
      return Optional.empty();
    }
    return lines.stream()
        .skip(1)
        .takeWhile(line -> !line.equals("---"))
        .map(LICENSE::matcher)
        .filter(Matcher::matches)
        .map(matcher -> matcher.group(1))
        .findFirst();
  }
}
