using System.Text.Json;
using Winnow.Client;
using Winnow.Inference.Backbones;

namespace Winnow.Cli;

/// <summary>How every command ends: with one of <see cref="ExitCodes"/>, and when not well, with a sentence on standard error.</summary>
internal static class Endings
{
    public static async Task<int> RunAsync(Func<Task<int>> run, CancellationToken cancellationToken)
    {
        try
        {
            return await run();
        }
        catch (Exception e) when (OutputLostException.Beneath(e) is not null)
        {
            return await EndAsync(e);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Whatever broke while the command was being stopped is no news.
            await Terminal.ComplainAsync("Stopped.");
            return ExitCodes.Stopped;
        }
        catch (Exception e)
        {
            return await EndAsync(e);
        }
    }

    /// <summary>Ends with what a problem means. Of a reader who has gone nobody is told: whoever sent it away knows.</summary>
    public static async Task<int> EndAsync(Exception problem)
    {
        if (OutputLostException.Beneath(problem) is { IsGone: true }) return ExitCodes.Unread;
        var (code, sentence) = Explain(problem);
        await Terminal.ComplainAsync(sentence);
        return code;
    }

    private static (int Code, string Sentence) Explain(Exception problem) => problem switch
    {
        _ when OutputLostException.Beneath(problem) is { } lost => (ExitCodes.Failed,
            $"Standard output cannot be written: {lost.Message.TrimEnd('.')}. "
            + "The command ended there; what it had done by then stays done."),
        IOException or UnauthorizedAccessException or ArgumentException when FileSentences.OfLostFolder() is { } sentence =>
            (ExitCodes.Failed, sentence),
        ArgumentException e => (ExitCodes.Misused, WithoutParameter(e)),
        HttpRequestException e => (ExitCodes.Failed, e.Message),
        HttpIOException e =>
            (ExitCodes.Failed, $"The server broke off before all of its answer had come: {e.Message} Run the command again."),
        WinnowApiException or WeightsUnavailableException or IOException or TimeoutException or InvalidDataException or JsonException
            or UnauthorizedAccessException => (ExitCodes.Failed, FileSentences.Of(problem) ?? problem.Message),
        _ => (ExitCodes.Failed, $"winnow itself is at fault ({problem.GetType().Name}): {problem.Message}"),
    };

    /// <summary>The name of a method's parameter says nothing to whoever typed the command.</summary>
    private static string WithoutParameter(ArgumentException problem) =>
        problem.ParamName is null
            ? problem.Message
            : problem.Message.Replace($" (Parameter '{problem.ParamName}')", "", StringComparison.Ordinal);
}
