// SPDX-License-Identifier: Apache-2.0
//
// Serves a Hive Metastore 3.1 on the loopback address: its own main class cannot be told an address and listens on
// every interface. Makes the tables of the lock manager first, which the automatic schema lacks.
// Arguments: PORT. Settings: metastore-site.xml on the class path.

import java.net.InetSocketAddress;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hive.metastore.HiveMetaStore;
import org.apache.hadoop.hive.metastore.RetryingHMSHandler;
import org.apache.hadoop.hive.metastore.TSetIpAddressProcessor;
import org.apache.hadoop.hive.metastore.conf.MetastoreConf;
import org.apache.hadoop.hive.metastore.txn.TxnDbUtil;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.server.TThreadPoolServer;
import org.apache.thrift.transport.TServerSocket;
import org.apache.thrift.transport.TTransportFactory;

public final class LocalMetastore {
  private LocalMetastore() {}

  public static void main(String[] arguments) throws Throwable {
    Configuration settings = MetastoreConf.newMetastoreConf();
    TxnDbUtil.prepDb(settings);
    var handler =
        RetryingHMSHandler.getProxy(
            settings, new HiveMetaStore.HMSHandler("local", settings, false), true);
    var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
    new TThreadPoolServer(
            new TThreadPoolServer.Args(new TServerSocket(address))
                .processor(new TSetIpAddressProcessor<>(handler))
                .transportFactory(new TTransportFactory())
                .protocolFactory(new TBinaryProtocol.Factory()))
        .serve();
  }
}
