package dev.palimpsest.inspect;

import dev.palimpsest.inspect.ModuleChange.Found;
import dev.palimpsest.inspect.ModuleChange.Measure;
import dev.palimpsest.model.ChangedTensor;
import dev.palimpsest.model.Checkpoint;
import dev.palimpsest.model.Factors;
import dev.palimpsest.model.ModelTensors;
import dev.palimpsest.model.Source;
import dev.palimpsest.model.TensorChange;
import dev.palimpsest.run.BadInput;
import dev.palimpsest.run.Progress;
import dev.palimpsest.tensor.DType;
import dev.palimpsest.tensor.Native;
import dev.palimpsest.tensor.Scope;
import dev.palimpsest.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a change, module by module.
 *
 * @param top how many of each changed matrix's strongest directions are looked at
 * @param epsilon below which largest cosine one is an intruder
 * @param threads that work on a module each
 */
public record InspectJob(int top, double epsilon, int threads) {
  /** Where nobody is told of it. */
  private static final NullCosine UNKNOWN = new NullCosine(Double.NaN, Double.NaN);

  /** Checks the settings. */
  public InspectJob {
    if (top < 1) {
      throw new BadInput("--top " + top + ": give 1 or more");
    }
    if (!(epsilon > 0 && epsilon <= 1)) {
      throw new BadInput("--epsilon " + epsilon + ": give a cosine, more than 0 and 1 at most");
    }
  }

  /**
   * What was found.
   *
   * @param intruders by module, the intruders' part of the changed matrix, as a pair of scale 1;
   *     they live until they are closed
   */
  public record Result(Inspection inspection, Map<String, Factors> intruders)
      implements AutoCloseable {
    @Override
    public void close() {
      intruders.values().forEach(Factors::close);
    }
  }

  /** Inspects the change that one source makes. */
  public Result run(Checkpoint base, Source source, Progress progress) {
    List<String> modules =
        ModelTensors.linear(base.config()).keySet().stream()
            .filter(module -> !module.equals("lm_head"))
            .filter(module -> source.changes(module + ".weight"))
            .toList();
    Map<Shape, NullCosine> random = new LinkedHashMap<>();
    for (String module : modules) {
      random.computeIfAbsent(shape(base, module), Shape::random);
    }
    List<Found> found = new ArrayList<>();
    try (ExecutorService workers = Executors.newFixedThreadPool(Math.max(1, threads))) {
      List<Future<Found>> all = new ArrayList<>();
      for (String module : modules) {
        NullCosine ofShape = Objects.requireNonNull(random.get(shape(base, module)));
        all.add(workers.submit(() -> inspect(base, source, module, ofShape)));
      }
      for (Future<Found> each : all) {
        found.add(done(each, workers));
        progress.report("inspecting", found.size(), all.size(), "modules");
      }
    }
    return result(base, source, found);
  }

  /**
   * The intruders' part Σ σ u vᵀ of one changed matrix, in the scope that is open; empty without
   * any and for what is no linear module of a block.
   */
  public Optional<Factors> intruders(ChangedTensor tensor) {
    Source source = tensor.sources().getFirst();
    Optional<String> module =
        ModelTensors.linear(tensor.base().config()).keySet().stream()
            .filter(each -> !each.equals("lm_head") && tensor.tensor().equals(each + ".weight"))
            .findFirst();
    return module
        .flatMap(
            each -> Optional.ofNullable(look(tensor.base(), source, each, UNKNOWN).intruders()))
        .map(
            part -> {
              Factors own = Factors.sum(List.of(part));
              part.close();
              return own;
            });
  }

  private record Shape(int out, int in) {
    NullCosine random() {
      return NullCosine.of(out, Math.min(out, in));
    }
  }

  private static Shape shape(Checkpoint base, String module) {
    long[] shape = Objects.requireNonNull(base.weights().tensors().get(module + ".weight")).shape();
    return new Shape((int) shape[0], (int) shape[1]);
  }

  private static Found done(Future<Found> future, ExecutorService workers) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      workers.shutdownNow();
      throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
    } catch (InterruptedException e) {
      workers.shutdownNow();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private Found inspect(Checkpoint base, Source source, String module, NullCosine random) {
    Native.threads(1); // a number of the thread's own
    return look(base, source, module, random);
  }

  private Found look(Checkpoint base, Source source, String module, NullCosine random) {
    return Native.withoutGradients(
        () -> {
          try (Scope _ = Scope.open()) {
            String tensor = module + ".weight";
            Tensor before = base.weights().read(tensor, DType.F64);
            Tensor change = source.change(tensor, before, 0);
            ModuleChange whole = new ModuleChange(module, before, change, factors(source, module));
            return whole.inspect(new Measure(top, epsilon), random);
          }
        });
  }

  private static @Nullable Factors factors(Source source, String module) {
    return source instanceof Source.Lora lora && !lora.adapter().config().weightDecomposed()
        ? lora.adapter().factors().get(module)
        : null;
  }

  private Result result(Checkpoint base, Source source, List<Found> found) {
    double square = 0;
    double ofBase = 0;
    Map<String, Factors> intruders = new LinkedHashMap<>();
    for (Found each : found) {
      square += each.module().norm() * each.module().norm();
      ofBase += Math.pow(baseNorm(each.module()), 2);
      Factors part = each.intruders();
      if (part != null) {
        intruders.put(each.module().name(), part);
      }
    }
    double all = square;
    List<InspectedModule> modules = found.stream().map(each -> each.module().of(all)).toList();
    return new Result(
        new Inspection(
            base.path().toString(),
            source.name(),
            top,
            epsilon,
            Math.sqrt(square),
            ofBase > 0 ? Math.sqrt(square / ofBase) : 0,
            modules.stream().mapToInt(InspectedModule::intruders).sum(),
            modules,
            TensorChange.outsideBlocks(base, source)),
        intruders);
  }

  private static double baseNorm(InspectedModule module) {
    return module.relativeNorm() > 0 ? module.norm() / module.relativeNorm() : 0;
  }
}
