
namespace Winnow.Silo.Peers;

/// <summary>
/// The identity that new connections use. It follows the files: what is sound is taken, and what is not leaves the one before in place, so
/// a rotation may write its files one after the other. Open connections go on with what they began with.
/// </summary>
internal sealed partial class SiloCertificates
{
    private readonly SiloTlsSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger<SiloCertificates> _logger;
    private readonly Lock _gate = new();
    private SiloTlsFiles _files;
    private volatile SiloIdentity _current;
    private string? _said;

    /// <exception cref="InvalidOperationException">The files are not sound; the message names the option.</exception>
    public SiloCertificates(SiloTlsSettings settings, TimeProvider time, ILogger<SiloCertificates> logger)
    {
        (_settings, _time, _logger) = (settings, time, logger);
        _files = SiloTlsFiles.Read(settings);
        _current = SiloIdentity.Of(_files, time.GetUtcNow());
    }

    /// <summary>The newest identity that was sound.</summary>
    public SiloIdentity Current => _current;

    /// <summary>How long the certificate is good for; less than nothing when it has ended.</summary>
    public TimeSpan Remaining => _current.Ends - _time.GetUtcNow();

    /// <summary>Looks at the files again.</summary>
    public void Refresh()
    {
        lock (_gate)
        {
            try
            {
                var files = SiloTlsFiles.Read(_settings);
                if (files == _files)
                {
                    _said = null;
                    return;
                }
                _current = SiloIdentity.Of(files, _time.GetUtcNow());
                (_files, _said) = (files, null);
                Taken(_logger, _current.Ends.UtcDateTime);
            }
            catch (InvalidOperationException e) when (e.Message != _said)
            {
                _said = e.Message;
                NotTaken(_logger, e.Message);
            }
            catch (InvalidOperationException)
            {
                // Said once.
            }
        }
    }

    [LoggerMessage(220, LogLevel.Information, "New certificates for the silo port are in use; this silo's is good until {Ends:u}")]
    private static partial void Taken(ILogger logger, DateTime ends);

    [LoggerMessage(221, LogLevel.Warning, "The changed certificates for the silo port are not taken, those before stay in use: {Reason}")]
    private static partial void NotTaken(ILogger logger, string reason);
}
