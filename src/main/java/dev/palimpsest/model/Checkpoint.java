package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Json;
import dev.palimpsest.run.Problems;
import dev.palimpsest.tokenizer.ChatTemplate;
import dev.palimpsest.tokenizer.Tokenizer;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * A stored model: a folder in the Hugging Face layout or a GGUF file. Its weights stay mapped until
 * it is closed; the tokenizer is read when it is first asked for.
 */
public final class Checkpoint implements AutoCloseable {
  private static final long DIGEST_PIECE = 1 << 26;

  private final Path path;
  private final ModelConfig config;
  private final StoredWeights weights;
  private final ModelText text;

  private Checkpoint(Path path, ModelConfig config, StoredWeights weights, ModelText text) {
    this.path = path;
    this.config = config;
    this.weights = weights;
    this.text = text;
  }

  /**
   * Opens a model and checks that it has every tensor its configuration calls for, in its shape,
   * and no other.
   *
   * @throws BadInput naming the file and everything that is wrong with its tensors
   */
  public static Checkpoint open(Path folderOrGguf) {
    return Files.isDirectory(folderOrGguf) ? openFolder(folderOrGguf) : openGguf(folderOrGguf);
  }

  private static Checkpoint openFolder(Path folder) {
    Path file = folder.resolve("config.json");
    JsonNode document = Json.read(file);
    ModelConfig config = HubConfig.parse(document, file.toString());
    ModelText text = new HubText(folder, document).read();
    StoredWeights weights = SafetensorsWeights.open(folder);
    return checked(new Checkpoint(folder, config, weights, text));
  }

  private static Checkpoint openGguf(Path path) {
    Gguf file = Gguf.open(path);
    try {
      ModelConfig config = GgufConfig.parse(file);
      return checked(
          new Checkpoint(path, config, new GgufWeights(file, config), new GgufText(file).read()));
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static Checkpoint checked(Checkpoint checkpoint) {
    try {
      checkpoint.checkTensors();
      return checkpoint;
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  private void checkTensors() {
    Problems problems = new Problems();
    Map<String, long[]> expected = ModelTensors.shapes(config);
    Map<String, TensorInfo> found = weights.tensors();
    expected.forEach(
        (name, shape) -> {
          TensorInfo info = found.get(name);
          if (info == null) {
            problems.add(name + " is missing, expected " + Arrays.toString(shape));
          } else if (!Arrays.equals(info.shape(), shape)) {
            problems.add(
                name
                    + " is "
                    + Arrays.toString(info.shape())
                    + ", expected "
                    + Arrays.toString(shape));
          }
        });
    for (String name : found.keySet()) {
      // a tied head is sometimes stored all the same, as a second copy
      if (!expected.containsKey(name) && !(config.tiedHead() && name.equals(ModelTensors.HEAD))) {
        problems.add(name + " is not known in this architecture");
      }
    }
    problems.throwIfAny(path + ": the tensors are not those of its configuration");
  }

  /** The folder or file. */
  public Path path() {
    return path;
  }

  /** The shape of the decoder. */
  public ModelConfig config() {
    return config;
  }

  /** The weights; they end with this checkpoint. */
  public StoredWeights weights() {
    return weights;
  }

  /**
   * Reads the tokenizer.
   *
   * @throws BadInput if there is none, it is not understood, or it is not this model's
   */
  public Tokenizer tokenizer() {
    return text.read(config.vocabulary());
  }

  /**
   * The chat template, if the model has one.
   *
   * @throws BadInput if it uses what is not understood, naming its line
   */
  public Optional<ChatTemplate> chatTemplate() {
    return text.template();
  }

  ModelText text() {
    return text;
  }

  /** All tokens that end an answer. */
  public Set<Integer> endTokens() {
    return text.endTokens();
  }

  /** The token that begins a text, if the model has one. */
  public OptionalInt bos() {
    return text.bos();
  }

  /** The licence as the files name it. */
  public Optional<String> license() {
    return text.license();
  }

  /**
   * SHA-256 over names, stored types, shapes and stored bytes of all tensors in the order of their
   * names: the same for one file and for shards. It reads every byte each time.
   */
  public String fingerprint() {
    MessageDigest digest = sha256();
    for (TensorInfo info : new TreeMap<>(weights.tensors()).values()) {
      String head =
          info.name() + '\n' + info.storedType() + '\n' + Arrays.toString(info.shape()) + '\n';
      digest.update(head.getBytes(StandardCharsets.UTF_8));
      MemorySegment bytes = weights.stored(info.name());
      for (long at = 0; at < bytes.byteSize(); at += DIGEST_PIECE) {
        long now = Math.min(DIGEST_PIECE, bytes.byteSize() - at);
        MemorySegment piece = bytes.asSlice(at, now);
        digest.update(piece.asByteBuffer());
        piece.unload();
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  @Override
  public void close() {
    weights.close();
  }
}
